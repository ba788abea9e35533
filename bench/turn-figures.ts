// Memory of allocations, and datagrams lost at a steady rate: one server at a time.
import { residentBytes } from '../test/support/processes.ts'
import type { TurnServer } from '../test/support/turn.ts'
import { channelData } from '../test/support/stun.ts'
import { TurnLine } from '../test/support/turn-line.ts'
import { pause } from '../test/support/wait.ts'

export const MEMORY_HEAD = ['contender', 'allocations', 'bytes each']
const ALLOCATIONS = 2000

/** Of 2,000 allocations with a channel each: resident bytes of all processes of the server. */
export async function allocationMemory(server: TurnServer): Promise<string[]> {
  const memory = (): number => server.pids().reduce((sum, pid) => sum + residentBytes(pid), 0)
  // A first crowd, so that what grows once for all is not counted.
  for (const line of await allocated(server, 200)) {
    await line.refresh(0)
    line.close()
  }
  const before = await settled(memory)
  const lines = await allocated(server, ALLOCATIONS)
  const after = await settled(memory)
  for (const line of lines) line.close()
  return [String(lines.length), ((after - before) / ALLOCATIONS).toFixed(0)]
}

async function allocated(server: TurnServer, count: number): Promise<TurnLine[]> {
  const lines: TurnLine[] = []
  const one = async (): Promise<TurnLine> => {
    const line = await TurnLine.open({ port: server.port('turn') })
    await line.allocate()
    if ((await line.bind(0x4000, '127.0.0.1', 9)) !== 0) throw new Error('ChannelBind failed.')
    return line
  }
  while (lines.length < count) lines.push(...(await Promise.all(Array.from({ length: 20 }, one))))
  return lines
}

/** Waits until memory has stopped moving: garbage is collected when it is quiet. */
async function settled(memory: () => number): Promise<number> {
  let last = memory()
  for (let quiet = 0, looks = 0; quiet < 6 && looks < 60; looks++) {
    await pause(250)
    const now = memory()
    quiet = Math.abs(now - last) < 64 << 10 ? quiet + 1 : 0
    last = now
  }
  return last
}

export const LOSS_HEAD = ['contender', 'datagrams', 'a second, each way', 'lost']
const RATE = 20_000
const SECONDS = 8
const LINES = 20

/**
 * 20,000 datagrams a second by twenty clients to an echoing peer, and as many back; sent by the clock,
 * whatever comes back.
 */
export async function lossAtRate(server: TurnServer, peerPort: number): Promise<string[]> {
  const lines: TurnLine[] = []
  for (let i = 0; i < LINES; i++) {
    const line = await TurnLine.open({ port: server.port('turn') })
    await line.allocate()
    if ((await line.bind(0x4000, '127.0.0.1', peerPort)) !== 0) throw new Error('ChannelBind failed.')
    lines.push(line)
  }
  const frame = channelData(0x4000, Buffer.alloc(170, 'x'))
  const received = (): number => lines.reduce((sum, line) => sum + line.received, 0)
  const before = received()
  const startedMs = performance.now()
  let sent = 0
  for (let elapsedMs = 0; elapsedMs < SECONDS * 1000; elapsedMs = performance.now() - startedMs) {
    for (const due = (elapsedMs * RATE) / 1000; sent < due; sent++) lines[sent % LINES]?.send(frame)
    for (const line of lines) line.inbox.length = 0
    await new Promise((resolve) => void setImmediate(resolve))
  }
  const seconds = (performance.now() - startedMs) / 1000
  await pause(500)
  // Over UDP the echo comes back as it went: four bytes of header, no padding.
  const back = Math.round((received() - before) / (4 + 170))
  for (const line of lines) line.close()
  return [String(sent), (sent / seconds).toFixed(0), String(sent - back)]
}
