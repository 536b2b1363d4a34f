module Words
  def self.polite(name) = "dear #{name}"
end
