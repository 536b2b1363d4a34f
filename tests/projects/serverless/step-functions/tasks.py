class CardDeclined(Exception):
    pass


def reserve(state, context):
    return {**state, "reserved": len(state["items"])}


def charge(state, context):
    if state["card"] == "declined":
        raise CardDeclined(state["card"])
    return {**state, "paid": True}
