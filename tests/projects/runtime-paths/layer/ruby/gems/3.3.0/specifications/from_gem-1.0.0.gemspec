Gem::Specification.new do |gem|
  gem.name = "from_gem"
  gem.version = "1.0.0"
  gem.summary = "A gem of a layer"
  gem.authors = ["samlocal"]
  gem.files = ["lib/from_gem.rb"]
end
