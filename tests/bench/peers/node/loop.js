// The loop that a team would write with Node.js: amqplib and undici. Takes plain events from the queue that is named.
import amqp from "amqplib";
import { Pool } from "undici";

const { BENCH_AMQP_URL, BENCH_ENDPOINT } = process.env;
const AT_ONCE = 200;
const RESULTS = "gateway.results";
const KEY = "gd_accounting.default.credit-sync.accepted";

function result(event, answer) {
  if (answer.status !== "200") throw new Error(`refused: ${answer.status}`);
  const finished = new Date().toISOString();
  return Buffer.from(
    JSON.stringify({
      specversion: "1.0",
      id: `${event.id}-result`,
      source: "/bench",
      time: finished,
      type: `${event.type}.accepted`,
      data: {
        event_id: event.id,
        outcome: "accepted",
        code: answer.status,
        message: answer.msg,
        duplicate: false,
        attempts: 1,
        response: answer.data,
        finished_at: finished,
      },
    }),
  );
}

const http = new Pool(BENCH_ENDPOINT, { connections: AT_ONCE });
const connection = await amqp.connect(BENCH_AMQP_URL);
const channel = await connection.createConfirmChannel();
await channel.prefetch(AT_ONCE);

function publish(body, id) {
  const properties = { persistent: true, contentType: "application/json", correlationId: id };
  return new Promise((resolve, reject) =>
    channel.publish(RESULTS, KEY, body, properties, (error) => (error ? reject(error) : resolve())),
  );
}

async function handle(message) {
  try {
    const event = JSON.parse(message.content.toString());
    const { body } = await http.request({
      path: "/intf/org/synchronizeScore",
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(event.data),
    });
    await publish(result(event, await body.json()), event.id);
    channel.ack(message);
  } catch (error) {
    console.error(error);
    channel.nack(message);
  }
}

await channel.consume(process.argv[2], handle);
