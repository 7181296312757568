# Fills in `expect` of every case in jekyll_sites.json with what the Jekyll that is installed makes of it:
#   ruby tests/vectors/jekyll_sites.rb
# A document that Jekyll would date by the clock has no row: it is no post.
require "jekyll"
require "json"
require "tmpdir"
ENV["TZ"] = "UTC"

# jekyll-feed 0.17, feed.xml
AUTHOR = <<~LIQUID
  {%- assign author = page.author | default: page.authors[0] | default: site.author -%}
  {%- assign author = site.data.authors[author] | default: author -%}
  {{ author.name | default: author }}|{{ author.email }}|{{ author.uri }}
LIQUID

def rows(dir, settings)
  config = Jekyll.configuration(
    "source" => dir, "destination" => File.join(dir, "_site"), "quiet" => true, "disable_disk_cache" => true,
    **(settings.empty? ? {} : { "config" => settings.map { |name| File.join(dir, name) } })
  )
  # Dates are kept from site to site, whatever its zone.
  Jekyll::Utils.instance_variable_get(:@parse_date_cache)&.clear
  site = Jekyll::Site.new(config)
  site.read
  documents = site.collections.values.select(&:write?).flat_map(&:docs).select { |doc| site.publisher.publish?(doc) }
  documents.reject! { |doc| doc.date.to_i >= site.time.to_i || (doc.draft? && !site.show_drafts) }
  documents.reject! { |doc| doc.data["draft"] == true } unless site.show_drafts
  author = Liquid::Template.parse(AUTHOR)
  documents.sort_by(&:path).map do |doc|
    payload = { "site" => { "author" => config["author"], "data" => site.data }, "page" => doc.data }
    name, email, uri = author.render(payload).strip.split("|", -1)
    { path: doc.path.delete_prefix("#{dir}/"), collection: doc.collection.label, url: doc.url, id: doc.id,
      date: doc.date.iso8601, title: doc.data["title"].to_s, categories: doc.data["categories"].map(&:to_s).uniq,
      tags: doc.data["tags"].map(&:to_s), author: [name, email, uri] }
  end
end

path = File.join(__dir__, "jekyll_sites.json")
vectors = JSON.parse(File.read(path))
vectors["tool"] = "jekyll #{Jekyll::VERSION}, run with TZ=UTC"
vectors["cases"].each do |site|
  Dir.mktmpdir do |dir|
    site["files"].each do |name, text|
      file = File.join(dir, name)
      FileUtils.mkdir_p(File.dirname(file))
      File.write(file, text)
      File.utime(0, 0, file)
    end
    site["expect"] = rows(File.realpath(dir), site["settings"])
  end
end
File.write(path, JSON.pretty_generate(vectors) + "\n")
