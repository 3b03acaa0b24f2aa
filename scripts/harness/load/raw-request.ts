import { connect, type Socket } from 'node:net';

/** A request with a body. */
export interface Upload {
  method: 'POST' | 'PUT';
  path: string;
  type: string;
  body: Uint8Array<ArrayBuffer>;
}

/** An upload on a connection of its own, whose body is sent as the test likes. */
export interface OpenUpload {
  socket: Socket;
  /** Resolves when the first bytes have left, or cannot. */
  sent: Promise<void>;
  /** All that the server has answered, when the connection has ended. */
  answer: Promise<string>;
}

/** Begins an upload, announces its length, and sends its first bytes. */
export function openUpload(url: string, { method, path, type, body }: Upload, bytes: number): OpenUpload {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const answer = new Promise<string>((resolve) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      // Complete as soon as the problem's last member is there; the server may leave the connection open.
      if (text.includes('"requestId"')) socket.end();
    });
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
  });
  socket.write(
    `${method} ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n`,
  );
  const sent = new Promise<void>((resolve) => socket.write(body.subarray(0, bytes), () => resolve()));
  return { socket, sent, answer };
}

/**
 * Uploads a body at a byte a second.
 * @returns all that the server has answered; what there was of it after 30 s.
 */
export async function trickle(url: string, upload: Upload): Promise<string> {
  let sent = 1;
  const { socket, answer } = openUpload(url, upload, sent);
  const timer = setInterval(() => {
    if (socket.writable) socket.write(upload.body.subarray(sent, ++sent));
    if (sent > 30) socket.destroy();
  }, 1000);
  try {
    return await answer;
  } finally {
    clearInterval(timer);
  }
}
