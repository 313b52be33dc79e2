def appply(connection):
    pass
