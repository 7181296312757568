"""Reads feeds with feedparser and prints what it understood: one JSON object for each file named."""

import json
import sys
import time

import feedparser

for path in sys.argv[1:]:
    with open(path, "rb") as file:
        feed = feedparser.parse(file.read())
    if feed.bozo:
        sys.exit(f"{path}: {feed.bozo_exception}")
    print(json.dumps({
        "entries": [{
            "id": entry.id,
            "title": entry.title,
            "link": entry.link,
            "published": time.strftime("%Y-%m-%dT%H:%M:%SZ", entry.published_parsed),
            "categories": [tag.term for tag in entry.get("tags", [])],
        } for entry in feed.entries],
    }, ensure_ascii=False))
