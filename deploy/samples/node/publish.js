// Publishes one event to the provincial gateway, confirmed by the broker, and prints its result.
//
//     npm ci && AMQP_URL=amqp://guest:guest@127.0.0.1:5672/ node publish.js ../gd_accounting/02-register.json
//
// Exit 0 when the event was accepted, 1 when not, 2 when it could not be published.
import { readFileSync } from "node:fs";
import amqp from "amqplib";
import { CloudEvent, HTTP } from "cloudevents";

const EVENTS = "gateway.events";
const RESULT_MS = Number(process.env.RESULT_SECONDS ?? 60) * 1000;

// The SDK checks the envelope: id, source, type and time are there and well formed.
function toMessage(attributes) {
  const event = new CloudEvent(attributes);
  const [platform, operation] = event.type.split(".");
  const { headers, body } = HTTP.structured(event);
  return {
    key: `${platform}.${event.account ?? "default"}.${operation}`,
    body: Buffer.from(body),
    properties: { messageId: event.id, contentType: headers["content-type"].split(";")[0], persistent: true },
  };
}

// Resolves once the broker has the message in a queue; rejects when no queue takes it. (Of a type or an account that
// the gateway does not have, gateway.unrouted takes it: no result will come.)
async function publish(channel, { key, body, properties }, replyTo) {
  const returned = new Promise((_, reject) =>
    channel.once("return", () => reject(new Error(`no queue takes ${key}`))),
  );
  channel.publish(EVENTS, key, body, { ...properties, replyTo, mandatory: true });
  await Promise.race([channel.waitForConfirms(), returned]);
}

// The result of the event with this id. It may come more than once; the first one is enough.
function result(channel, queue, id) {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`no result within ${RESULT_MS / 1000} s`)), RESULT_MS).unref();
    const take = (message) => {
      if (message?.properties.correlationId === id) resolve(JSON.parse(message.content.toString()).data);
    };
    channel.consume(queue, take, { noAck: true }).catch(reject);
  });
}

async function main(file) {
  const message = toMessage(JSON.parse(readFileSync(file, "utf8")));
  const connection = await amqp.connect(process.env.AMQP_URL ?? "amqp://guest:guest@127.0.0.1:5672/");
  try {
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue("", { exclusive: true });
    const [, { outcome, category, code, message: text }] = await Promise.all([
      publish(channel, message, queue),
      result(channel, queue, message.properties.messageId),
    ]);
    console.log(JSON.stringify({ outcome, category, code, message: text }));
    return outcome === "accepted" ? 0 : 1;
  } finally {
    await connection.close();
  }
}

main(process.argv[2]).then(
  (code) => process.exit(code),
  (error) => {
    console.error(`publish: ${error.message}`);
    process.exit(2);
  },
);
