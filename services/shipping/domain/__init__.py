"""The rules of shipping and of the SLA, with nothing but the standard library; time and ids are arguments."""
