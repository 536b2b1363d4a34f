FROM_LIB = "from /opt/ruby/lib"
