NAME = "from /opt/python"
