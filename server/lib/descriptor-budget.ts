// How many connections the descriptors of this process allow, and who gives some up when these run short:
// an idle connection to a server is worth less than a client that waits, or a request that needs another one.
import { descriptorLimit, nextDescriptor } from './descriptors.ts'

/** For logs, names to be resolved, config, and connections to servers that outlive their clients. */
const SPARE_MAX = 24
/** Of what the process leaves: where that is little, clients have the rest. */
const SPARE_PART = 0.6

/** Ends one connection that can be done without; false: there is none. */
type GiveUp = () => boolean

const state = { limit: Number.NaN, base: 0, spare: 0, open: 0 }
let way: GiveUp = () => false

/** Asked when descriptors run short. */
export function giveUpBy(how: GiveUp): void {
  way = how
}

/** Takes another limit, of which `base` are in use for other things than connections. */
export function limitDescriptors(limit: number, base: number): void {
  state.limit = limit
  state.base = base
  state.spare = Math.min(SPARE_MAX, Math.max(0, Math.floor((limit - base) * SPARE_PART)))
}

/** The limit that is reckoned with. */
export function limitOfDescriptors(): number {
  if (Number.isNaN(state.limit)) limitDescriptors(descriptorLimit(), nextDescriptor())
  return state.limit
}

/** Descriptors for connections, of both sides together. */
export const forConnections = (): number => limitOfDescriptors() - state.base - state.spare

/** A descriptor of this number, or a higher one, is none that a connection should have. */
export const isScarce = (fd: number): boolean => fd >= limitOfDescriptors() - state.spare

/** A connection of either side begins, and has a descriptor or is about to: others make room for it. */
export function connectionBegins(): void {
  state.open++
  const over = state.open - forConnections()
  if (over > 0) giveUp(over)
}

export function connectionEnds(): void {
  state.open--
}

/** Connections of both sides that are reckoned with now. */
export const connectionsReckoned = (): number => state.open

/** Ends so many that can be done without, if there are: how many there were. */
export function giveUp(count: number): number {
  let ended = 0
  while (ended < count && way()) ended++
  return ended
}
