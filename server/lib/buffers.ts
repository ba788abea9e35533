// Bytes that wait in this process for somebody slow: answers for clients that do not take them, requests read
// ahead behind an answer, bodies for servers. Each connection has its bounds; this is the bound of all
// together. At the limit no client is read that could add to them. Those go on that can make them fewer:
// clients in the middle of a request, tunnels, every server. So nothing waits for what waits for it, and who
// was stopped first is read again first.
import { tellBug } from './bug.ts'
import { inTurn } from './event.ts'

/** A client's connection, as far as its reading may be stopped here. */
export interface Reader {
  readonly isClosed: boolean
  /** It is between requests or behind one: what it would send next can wait. */
  readonly mayBeHeldBack: boolean
  isHeldBack: boolean
  settleReading(): void
  terminate(): void
}

/** What is held must fall to this share of the limit before clients are read again. */
const AGAIN_SHARE = 7 / 8
/** From this share on connections make do with smaller pieces. */
const TIGHT_SHARE = 1 / 2
/** Clients that are read again in one turn of the loop: each may bring a read before the next are asked. */
const AGAIN_AT_ONCE = 8

const readers = new Set<Reader>()
/** In the order in which they were stopped. */
const heldBack = new Set<Reader>()
const state = { limit: 256 * 1024 * 1024, bytes: 0, isFull: false, fullTimes: 0, isGoingOn: false }
let tellFull: (limit: number) => void = () => {}

/** Takes `limits.buffers` of a config. */
export function limitBuffers(bytes: number): void {
  state.limit = bytes
  countBuffered(0)
}

/** Who is told each time that the limit is reached. */
export function tellBuffersTo(full: (limit: number) => void): void {
  tellFull = full
}

/** Bytes that are held now. */
export const bufferedBytes = (): number => state.bytes

/** Bytes that may yet be held. */
export const roomLeft = (): number => Math.max(0, state.limit - state.bytes)

/** How often the limit was reached. */
export const buffersFullTimes = (): number => state.fullTimes

/** Whether so much is held that each should hold less. */
export const isTight = (): boolean => state.bytes >= state.limit * TIGHT_SHARE

/** So many bytes more are held, or fewer. */
export function countBuffered(delta: number): void {
  state.bytes += delta
  if (!state.isFull && state.bytes >= state.limit) stopAll()
  else if (state.isFull && state.bytes < state.limit * AGAIN_SHARE) goOn()
}

function stopAll(): void {
  state.isFull = true
  state.fullTimes++
  tellFull(state.limit)
  for (const reader of readers) holdBack(reader)
}

function goOn(): void {
  state.isFull = false
  if (heldBack.size === 0 || state.isGoingOn) return
  state.isGoingOn = true
  const [first] = heldBack
  if (first) inTurn(first, readSome)
}

/**
 * Some of those that were stopped are read again; the others in the turns to come, unless the limit is
 * reached anew.
 */
function readSome(): void {
  state.isGoingOn = false
  if (state.isFull) return
  let count = 0
  for (const reader of heldBack) {
    if (count++ === AGAIN_AT_ONCE) break
    letGoAlone(reader)
  }
  goOn()
}

/** What breaks one of them must not keep the others waiting, for whom nobody else would care. */
function letGoAlone(reader: Reader): void {
  try {
    letGo(reader)
  } catch (error) {
    tellBug(error)
    reader.terminate()
  }
}

/** From now on this client is stopped with the others. */
export function addReader(reader: Reader): void {
  readers.add(reader)
  holdIfFull(reader)
}

export function removeReader(reader: Reader): void {
  readers.delete(reader)
  heldBack.delete(reader)
}

/** This client has come to where it may be stopped. */
export function holdIfFull(reader: Reader): void {
  if (state.isFull) holdBack(reader)
}

function holdBack(reader: Reader): void {
  if (reader.isHeldBack || reader.isClosed || !reader.mayBeHeldBack) return
  reader.isHeldBack = true
  heldBack.add(reader)
  reader.settleReading()
}

/** This client must be read: what is to come of its request, or its end, is waited for. */
export function letGo(reader: Reader): void {
  if (!reader.isHeldBack) return
  reader.isHeldBack = false
  heldBack.delete(reader)
  if (!reader.isClosed) reader.settleReading()
}
