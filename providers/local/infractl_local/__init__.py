"""infractl's provider for this machine: the artifact, server and route of a service as files and one detached process."""
