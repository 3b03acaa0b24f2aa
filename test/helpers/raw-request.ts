import { connect, type Socket } from 'node:net';

/** A request on a connection of its own, whose body is sent as the test likes. */
export interface RawRequest {
  socket: Socket;
  /** All that the server has answered, when the connection has ended. */
  answer: Promise<string>;
}

/** Opens `POST path` with a body of the announced length, and sends its first bytes. */
export function openPost(url: string, path: string, length: number, first: Uint8Array): RawRequest {
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
    `POST ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: image/png\r\ncontent-length: ${length}\r\n\r\n`,
  );
  socket.write(first);
  return { socket, answer };
}
