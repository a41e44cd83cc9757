"""infractl's provider for this machine: a service is a detached model server, with its files below the project's run directory.

What serves requests is `infractl.runtime`, which is started as a process and never imported.
"""
