"""Who may read and write which row: a model in Python, apart from the policies, against canary rows in every table."""
