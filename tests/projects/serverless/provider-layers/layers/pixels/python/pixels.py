def fit(size, limit):
    factor = limit / max(size)
    return [round(each * factor) for each in size]
