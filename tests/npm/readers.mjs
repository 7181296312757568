// Reads feeds with a reader of npm's and prints what it understood: one JSON object for each file named.
//
//     node readers.mjs feedsmith|rss-parser FILE...

import { readFileSync } from "node:fs";
import { parseFeed } from "feedsmith";
import RssParser from "rss-parser";

const instant = (date) => new Date(date).toISOString().slice(0, 19) + "Z";
const text = (value) => (typeof value === "object" ? value.value : value);
const alternate = (links) => links.find((link) => (link.rel ?? "alternate") === "alternate").href;

const withFeedsmith = (content) => {
  const { format, feed } = parseFeed(content);
  const entries = {
    atom: () =>
      (feed.entries ?? []).map((entry) => ({
        id: entry.id,
        title: text(entry.title),
        link: alternate(entry.links),
        published: instant(entry.published),
        categories: (entry.categories ?? []).map((category) => category.term),
      })),
    rss: () =>
      (feed.items ?? []).map((item) => ({
        id: item.guid.value,
        title: text(item.title),
        link: item.link,
        published: instant(item.pubDate),
        categories: (item.categories ?? []).map((category) => category.name),
      })),
    json: () =>
      (feed.items ?? []).map((item) => ({
        id: item.id,
        title: item.title,
        link: item.url,
        published: instant(item.date_published),
        categories: item.tags ?? [],
      })),
  };
  return entries[format]();
};

const rssParser = new RssParser({ customFields: { item: [["category", "categoryElements", { keepArray: true }]] } });

const withRssParser = async (content) => {
  const feed = await rssParser.parseString(content);
  return feed.items.map((item) => ({
    id: item.id ?? item.guid,
    title: item.title,
    link: item.link,
    published: instant(item.isoDate),
    categories: (item.categoryElements ?? []).map((category) => category.$?.term ?? category._ ?? category),
  }));
};

const [reader, ...files] = process.argv.slice(2);
const read = { feedsmith: withFeedsmith, "rss-parser": withRssParser }[reader];
for (const file of files) {
  console.log(JSON.stringify({ entries: await read(readFileSync(file, "utf8")) }));
}
