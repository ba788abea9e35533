// Ports that nobody has, for TCP and UDP.
import { type DemoPorts, WANTED_PORTS } from './demo-config.ts'

/** The ports that people expect, and others where somebody has them. `isAny`: others for all. */
export async function freePorts(isAny: boolean): Promise<DemoPorts> {
  const taken = new Set<number>()
  const one = async (wanted: number): Promise<number> => {
    const port = !isAny && (await isFree(wanted)) ? wanted : await anyPort(taken)
    taken.add(port)
    return port
  }
  const { web, secure, cache, echo, turn, admin } = WANTED_PORTS
  return {
    ...{ web: await one(web), secure: await one(secure), cache: await one(cache) },
    ...{ echo: await one(echo), turn: await one(turn), admin: await one(admin) },
  }
}

const TRIES = 20

async function anyPort(taken: ReadonlySet<number>): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
    const { port } = listener
    listener.stop(true)
    if (!taken.has(port) && (await isFree(port))) return port
  }
  throw new Error('no port of 127.0.0.1 is free')
}

async function isFree(port: number): Promise<boolean> {
  try {
    Bun.listen({ hostname: '127.0.0.1', port, socket: { data() {} } }).stop(true)
    const socket = await Bun.udpSocket({ hostname: '127.0.0.1', port })
    socket.close()
    return true
  } catch {
    return false
  }
}
