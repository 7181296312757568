"""Reads feeds with feedparser and prints what it understood: one JSON object for each file named."""

import json
import sys

import feedparser

for path in sys.argv[1:]:
    with open(path, "rb") as file:
        feed = feedparser.parse(file.read())
    print(json.dumps({
        "bozo": str(feed.get("bozo_exception", "")) if feed.bozo else "",
        "version": feed.version,
        "entries": [{
            "title": entry.title,
            "link": entry.link,
            "id": entry.id,
            "published": list(entry.published_parsed)[:6],
            "categories": [tag.term for tag in entry.get("tags", [])],
            "summary": entry.get("summary", ""),
            "content": entry.content[0].value if "content" in entry else "",
        } for entry in feed.entries],
    }, ensure_ascii=False))
