def handler(event, context):
    stars = event["stars"]
    remaining = context.get_remaining_time_in_millis()
    return {"stars": stars, "remaining": remaining}
