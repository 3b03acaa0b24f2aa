import { connect, type Socket } from 'node:net';

/** A request with a body. */
export interface Upload {
  method: 'POST' | 'PUT';
  path: string;
  type: string;
  body: Uint8Array<ArrayBuffer>;
}

/** An upload on its own connection, whose body the caller sends piece by piece. */
export interface OpenUpload {
  socket: Socket;
  /** Resolves when the first bytes are sent, or cannot be. */
  sent: Promise<void>;
  /** The raw answer, when the connection has ended. */
  answer: Promise<string>;
}

/** Starts an upload: announces its length, and sends its first bytes. */
export function openUpload(url: string, { method, path, type, body }: Upload, bytes: number): OpenUpload {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const answer = new Promise<string>((resolve) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      // The last member of a problem ends the answer; the server may leave the connection open.
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
 * Uploads a body at a byte per second.
 *
 * @returns the raw answer, or what there is of it after 30 s.
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
