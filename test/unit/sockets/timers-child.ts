// A process in which two loops note Bun's timers, one after the other and both at once, and says what timers
// were then: in the process of tests others may have loops as well.
import { promisify } from 'node:util'
import { Loop } from '../../../server/sockets/loop.ts'
import { Poller } from '../../../server/sockets/poller.ts'

const before = globalThis.setTimeout
/** As it is at the moment. */
const now = (): typeof before => globalThis.setTimeout
const isAsBefore = (): boolean => now() === before
const looksAsBefore = (): boolean =>
  now().name === before.name && now().length === before.length && !isAsBefore()
const alone = isAsBefore()
const pollers = [new Poller(), new Poller()]
const loops = pollers.map((poller) => new Loop(poller))
const noted = looksAsBefore()
const args = await new Promise((resolve) => void now()((...args: number[]) => resolve(args), 1, 4, 5))
const promised = await promisify(now())(1, 'value')
loops[0]?.close()
const afterOne = looksAsBefore()
loops[1]?.close()
const afterBoth = isAsBefore()
for (const poller of pollers) poller.close()
process.stdout.write(JSON.stringify({ alone, noted, args, promised, afterOne, afterBoth }))
