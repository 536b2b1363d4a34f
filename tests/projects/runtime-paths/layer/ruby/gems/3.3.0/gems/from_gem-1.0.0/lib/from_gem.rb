FROM_GEM = "from /opt/ruby/gems"
