// A process that runs out of descriptors with somebody before its door: says how many turns that cost.
import { ptr } from 'bun:ffi'
import { closeSync, openSync } from 'node:fs'
import { nowMs, tick } from '../../../../server/lib/clock.ts'
import { libc } from '../../../../server/lib/native.ts'
import { Wheel } from '../../../../server/lib/wheel.ts'
import { SocketNetwork } from '../../../../server/turn/sockets/network.ts'
import { Poller } from '../../../../server/sockets/poller.ts'

const path = new Uint8Array(new ArrayBuffer(110))
path[0] = 1
path.set(new TextEncoder().encode(process.argv[2]), 2)
const poller = new Poller()
const network = new SocketNetwork(poller, new Wheel(() => nowMs))
const listener = libc().socket(1, 1 | 0x800 | 0x80000, 0)
libc().bind(listener, ptr(path), path.length)
libc().listen(listener, 8)
let isClosed = false
network.adoptDoor(listener, () => {})
const client = libc().socket(1, 1 | 0x800 | 0x80000, 0)
libc().connect(client, ptr(path), path.length)

const taken: number[] = []
try {
  for (;;) taken.push(openSync('/dev/null', 'r'))
} catch {
  // That was the last.
}
let turns = 0
const run = (until: () => boolean, mostMs: number): void => {
  const endMs = tick() + mostMs
  while (!until() && nowMs < endMs) {
    network.flush()
    poller.turn(250)
    turns++
  }
}
run(() => false, 700)
const { acceptPauses } = network.counters
const before = turns
for (const fd of taken) closeSync(fd)
libc().send(client, new TextEncoder().encode('no header'), 9, 0)
const byte = new Uint8Array(1)
run(() => (isClosed = libc().recv(client, byte, 1, 0x40) === 0), 3000)
process.stdout.write(JSON.stringify({ turns: before, pauses: acceptPauses, accepted: isClosed ? 1 : 0 }))
