"""An example of a provider: a service is a model file and a note of what to serve, in a folder that another server watches."""
