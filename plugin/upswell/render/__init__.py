"""What people see: the summary on a terminal, in Slack and by email, each from one ``page``; tables and progress."""
