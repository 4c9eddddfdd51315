"""Flask-AppBuilder over any gRPC resource service: lists, forms, actions and exports from descriptors (B-7).

No business word stands here: what a resource means comes from its contract, and ui/v1/options.proto says how it looks.
"""
