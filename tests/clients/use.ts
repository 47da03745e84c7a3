// What a front end does with the generated types: compiled strictly, and run against a deployment.

import createClient from "openapi-fetch";
import type { components, paths } from "./client.js";

declare const process: { argv: string[] };

const [baseUrl = "", token = "", microdao = ""] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

// A field that has a default may be left out, in what is sent and only there.
const creation: components["schemas"]["CreateChannel"] = {
  slug: "generated-typescript",
  name: "Generated",
  microdao_id: microdao,
};
const sending: components["schemas"]["SendMessage"] = { text: "Hello from TypeScript" };
// @ts-expect-error a text is a text
const wrong: components["schemas"]["SendMessage"] = { text: 1 };
void wrong;

const created = await client.POST("/api/messaging/channels", { body: creation });
if (created.error) throw new Error(created.error.code);
const channel: components["schemas"]["Channel"] | undefined = created.data;
if (!channel) throw new Error("no channel");
const path = { channel_id: channel.id };
const sent = await client.POST("/api/messaging/channels/{channel_id}/messages", { params: { path }, body: sending });
if (sent.error) throw new Error(sent.error.detail);
const page = await client.GET("/api/messaging/channels/{channel_id}/messages", { params: { path, query: { limit: 1 } } });
if (page.error) throw new Error(page.error.detail);
console.log(page.data[0]?.content_preview);
