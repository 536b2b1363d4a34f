// Answers as soon as `together` invocations have come to a `room`, with how many were running then.
// It ends instead, if the event says so, as soon as somebody is in the room.
import fs from "node:fs";
import { setTimeout } from "node:timers/promises";

export const handler = async (event, context) => {
  const room = `/tmp/${event.room}`;
  if (event.end) {
    while (event.room && !(fs.existsSync(room) && fs.readdirSync(room).length)) await setTimeout(10);
    process.kill(process.pid, "SIGKILL");
  }
  for (const directory of [room, "/tmp/running"]) fs.mkdirSync(directory, { recursive: true });
  fs.writeFileSync(`/tmp/running/${context.awsRequestId}`, "");
  const met = fs.readdirSync("/tmp/running").length; // before it comes: the others still wait for it
  fs.writeFileSync(`${room}/${context.awsRequestId}`, "");
  while (fs.readdirSync(room).length < event.together) await setTimeout(10);
  fs.unlinkSync(`/tmp/running/${context.awsRequestId}`);
  return met;
};
