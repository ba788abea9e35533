// Makes ClientHellos, well-formed or not (RFC 8446 §4.1.2).

export interface HelloParts {
  readonly session?: Buffer
  readonly suites?: Buffer
  readonly compressions?: Buffer
  /** Null: it has no list of them. */
  readonly extensions?: readonly Buffer[] | null
  /** Stands behind all that belongs there. */
  readonly behind?: Buffer
}

/** The message alone. */
export function hello(parts: HelloParts = {}): Buffer {
  const { session = Buffer.alloc(32, 7), suites = u16(0x1301), compressions = Buffer.alloc(1) } = parts
  const { extensions = [], behind = Buffer.alloc(0) } = parts
  const body = Buffer.concat([
    u16(0x0303),
    Buffer.alloc(32, 9),
    vector(1, session),
    vector(2, suites),
    vector(1, compressions),
    extensions === null ? Buffer.alloc(0) : vector(2, Buffer.concat(extensions)),
    behind,
  ])
  return Buffer.concat([Buffer.from([1]), vector(3, body)])
}

/** In records with so much of it each. */
export function inRecords(message: Buffer, size = 16_384): Buffer {
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += size)
    records.push(Buffer.from([22, 3, 1]), vector(2, message.subarray(at, at + size)))
  return Buffer.concat(records)
}

export const extension = (type: number, content: Buffer): Buffer =>
  Buffer.concat([u16(type), vector(2, content)])

/** The extension for names; each entry with its type. */
export const names = (...entries: Buffer[]): Buffer => extension(0, vector(2, Buffer.concat(entries)))

/** With its length before it. */
export function vector(lengthBytes: number, content: Buffer): Buffer {
  const length = Buffer.alloc(lengthBytes)
  length.writeUIntBE(content.length, 0, lengthBytes)
  return Buffer.concat([length, content])
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}
