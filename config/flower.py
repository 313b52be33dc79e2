"""Flower's options unless its user says otherwise."""

from ipaddress import ip_address

DEFAULTS: dict[str, str | int | bool] = {
    "address": "127.0.0.1",  # Flower's own default is every interface
    "port": 5555,
    "max_tasks": 10000,  # about 5 kB each
    "tasks_columns": "name,uuid,args,state,result,received,started,runtime,worker",  # result holds the progress
    "enable_events": True,
}


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach an address; an empty one stands for every interface."""
    if address == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
