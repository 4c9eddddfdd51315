"""A mailbox for one machine: takes every mail by SMTP, keeps it, and shows it on a small page."""
