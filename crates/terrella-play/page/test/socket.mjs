// The server's side of a WebSocket in as much as the tests need: whole messages under 64 KiB from the client,
// anything to it. So the tests need no package but the browser's driver.

import { createHash } from "node:crypto";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;

/** Answers the handshake of a request, and gives `{ text, binary, close }` to talk with. */
export function accept(request, socket, { heard, closed }) {
    const key = createHash("sha1").update(request.headers["sec-websocket-key"] + GUID).digest("base64");
    socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
    );
    let rest = Buffer.alloc(0);
    socket.on("data", (bytes) => {
        rest = Buffer.concat([rest, bytes]);
        for (let message = take(rest); message !== null; message = take(rest)) {
            rest = message.rest;
            if (message.kind === TEXT) {
                heard(message.body.toString("utf8"));
            } else if (message.kind === PING) {
                write(socket, PONG, message.body);
            } else if (message.kind === CLOSE) {
                write(socket, CLOSE, message.body);
                socket.end();
            }
        }
    });
    socket.on("error", () => {});
    socket.on("close", closed);
    return {
        text: (value) => write(socket, TEXT, Buffer.from(JSON.stringify(value))),
        binary: (bytes) => write(socket, BINARY, bytes),
        close: () => {
            write(socket, CLOSE, Buffer.from([3, 232]));
            socket.end();
        },
    };
}

function write(socket, kind, body) {
    if (!socket.writable) {
        return;
    }
    const head = body.length < 126 ? Buffer.from([0x80 | kind, body.length]) : Buffer.alloc(body.length < 65536 ? 4 : 10);
    if (body.length >= 126) {
        head[0] = 0x80 | kind;
        head[1] = body.length < 65536 ? 126 : 127;
        body.length < 65536 ? head.writeUInt16BE(body.length, 2) : head.writeBigUInt64BE(BigInt(body.length), 2);
    }
    socket.write(Buffer.concat([head, body]));
}

/** The first whole message of what has arrived, if there is one. */
function take(bytes) {
    if (bytes.length < 2) {
        return null;
    }
    const short = bytes[1] & 0x7f;
    const start = short === 126 ? 4 : 2;
    if (short === 127 || bytes.length < start + 4) {
        return null;
    }
    const length = short === 126 ? bytes.readUInt16BE(2) : short;
    const end = start + 4 + length;
    if (bytes.length < end) {
        return null;
    }
    const mask = bytes.subarray(start, start + 4);
    const body = Buffer.from(bytes.subarray(start + 4, end).map((byte, i) => byte ^ mask[i % 4]));
    return { kind: bytes[0] & 15, body, rest: bytes.subarray(end) };
}
