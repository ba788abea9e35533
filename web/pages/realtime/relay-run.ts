// The relay, tried from this browser: two connections that may use nothing but the relay talk through it, by
// one URL at a time, so that it is seen which way works.
import { nothingYet, type Outcome } from './relay-outcome.ts'

export interface RelayLogin {
  readonly username?: string | undefined
  readonly credential?: string | undefined
}

const OPEN_WITHIN_MS = 12_000
const MESSAGES = 200
const MESSAGE_BYTES = 200
const BULK_MS = 800
const BULK_BYTES = 16_000

/** Tells of each step as it is known; never rejects. */
export async function runRelay(
  url: string,
  login: RelayLogin,
  { signal, onStep }: { readonly signal: AbortSignal; readonly onStep: (outcome: Outcome) => void },
): Promise<Outcome> {
  const begun = performance.now()
  let outcome = nothingYet(url)
  const step = (more: Partial<Outcome>): void => {
    outcome = { ...outcome, ...more, tookMs: performance.now() - begun }
    if (!signal.aborted) onStep(outcome)
  }
  const configuration: RTCConfiguration = {
    iceServers: [
      {
        urls: url,
        ...(login.username !== undefined && { username: login.username, credential: login.credential ?? '' }),
      },
    ],
    iceTransportPolicy: 'relay',
  }
  const [a, b] = [new RTCPeerConnection(configuration), new RTCPeerConnection(configuration)]
  const close = (): void => (a.close(), b.close())
  signal.addEventListener('abort', close, { once: true })
  try {
    const gaveUp = watched([a, b], {
      relayed: (address) => {
        const relayedMs = outcome.relayedMs ?? performance.now() - begun
        if (!outcome.relayed.includes(address)) step({ relayed: [...outcome.relayed, address], relayedMs })
      },
      failed: (code, text) => step({ errors: [...outcome.errors, { code, text }] }),
    })
    const channel = a.createDataChannel('test', { ordered: false, maxRetransmits: 0 })
    const opened = Promise.withResolvers<boolean>()
    channel.addEventListener('open', () => opened.resolve(true), { once: true })
    const echoed = echoing(b)
    await introduce(a, b)
    const isOpen = await Promise.race([
      opened.promise,
      gaveUp,
      pause(OPEN_WITHIN_MS, signal).then(() => false),
    ])
    if (isOpen) {
      step({ isOpen, openMs: performance.now() - begun, pair: await pairOf(a) })
      step(await trips(channel, signal))
      step({ bytesPerS: await bulk(a, echoed, signal) })
    }
  } catch (error) {
    step({ errors: [...outcome.errors, { code: 0, text: String(error) }] })
  } finally {
    close()
    signal.removeEventListener('abort', close)
  }
  step({ isDone: true })
  return outcome
}

interface Hears {
  readonly relayed: (address: string) => void
  readonly failed: (code: number, text: string) => void
}

/** Hands candidates over; false once both have gathered nothing, or have failed to meet. */
function watched([a, b]: readonly [RTCPeerConnection, RTCPeerConnection], hears: Hears): Promise<false> {
  const over = Promise.withResolvers<false>()
  let complete = 0
  let candidates = 0
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate === null || candidate.candidate === '') return
      candidates++
      if (candidate.type === 'relay') hears.relayed(`${candidate.address ?? '?'}:${candidate.port ?? '?'}`)
      void to.addIceCandidate(candidate).catch(() => undefined)
    })
    from.addEventListener('icegatheringstatechange', () => {
      if (from.iceGatheringState === 'complete' && ++complete === 2 && candidates === 0) over.resolve(false)
    })
    from.addEventListener('icecandidateerror', ({ errorCode, errorText }) =>
      hears.failed(errorCode, errorText),
    )
    from.addEventListener('iceconnectionstatechange', () => {
      if (from.iceConnectionState === 'failed') over.resolve(false)
    })
  }
  return over.promise
}

async function introduce(a: RTCPeerConnection, b: RTCPeerConnection): Promise<void> {
  await a.setLocalDescription(await a.createOffer())
  if (a.localDescription !== null) await b.setRemoteDescription(a.localDescription)
  await b.setLocalDescription(await b.createAnswer())
  if (b.localDescription !== null) await a.setRemoteDescription(b.localDescription)
}

interface Echo {
  /** Bytes that came by the channel of bulk. */
  bytes: number
}

function echoing(b: RTCPeerConnection): Echo {
  const echo: Echo = { bytes: 0 }
  b.addEventListener('datachannel', ({ channel }) => {
    channel.binaryType = 'arraybuffer'
    channel.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
      if (channel.label === 'bulk') echo.bytes += data.byteLength
      else if (channel.readyState === 'open') channel.send(data)
    })
  })
  return echo
}

/** There and back through the relay, twice each. */
async function trips(channel: RTCDataChannel, signal: AbortSignal): Promise<Partial<Outcome>> {
  const times: number[] = []
  channel.binaryType = 'arraybuffer'
  channel.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) =>
    times.push(performance.now() - new DataView(data).getFloat64(0)),
  )
  for (let sent = 0; sent < MESSAGES && channel.readyState === 'open'; sent++) {
    const bytes = new ArrayBuffer(MESSAGE_BYTES)
    new DataView(bytes).setFloat64(0, performance.now())
    channel.send(bytes)
    if (sent % 4 === 3) await pause(10, signal)
  }
  for (let waited = 0; times.length < MESSAGES && waited < 1500; waited += 50) await pause(50, signal)
  const sorted = times.toSorted((x, y) => x - y)
  const at = (share: number): number | null => sorted[Math.floor((sorted.length - 1) * share)] ?? null
  return { p50Ms: at(0.5), p99Ms: at(0.99), sent: MESSAGES, lost: MESSAGES - times.length }
}

async function bulk(a: RTCPeerConnection, echo: Echo, signal: AbortSignal): Promise<number | null> {
  const channel = a.createDataChannel('bulk')
  const opened = Promise.withResolvers<boolean>()
  channel.addEventListener('open', () => opened.resolve(true), { once: true })
  if (!(await Promise.race([opened.promise, pause(2000, signal).then(() => false)]))) return null
  const bytes = new Uint8Array(BULK_BYTES)
  const begun = performance.now()
  while (performance.now() - begun < BULK_MS && channel.readyState === 'open' && !signal.aborted) {
    while (channel.bufferedAmount < 8 * BULK_BYTES) channel.send(bytes)
    await pause(5, signal)
  }
  const s = (performance.now() - begun) / 1000
  return echo.bytes === 0 ? null : echo.bytes / s
}

/** The pair that is used, as the browser tells it. */
async function pairOf(connection: RTCPeerConnection): Promise<string | null> {
  const reports = [...(await connection.getStats()).values()] as Record<string, unknown>[]
  const byId = new Map(reports.map((report) => [report['id'], report]))
  const transport = reports.find(({ type }) => type === 'transport')
  const pair =
    byId.get(transport?.['selectedCandidatePairId']) ??
    reports.find(({ type, nominated }) => type === 'candidate-pair' && nominated === true)
  const end = (id: unknown): string => {
    const one = byId.get(id)
    return `${String(one?.['address'] ?? one?.['ip'] ?? '?')}:${String(one?.['port'] ?? '?')}`
  }
  return pair === undefined ? null : `${end(pair['localCandidateId'])} ⇄ ${end(pair['remoteCandidateId'])}`
}

/** What a STUN server says this browser's address is; null: none that it did not know. */
export async function outsideAddress(
  url: string,
  signal: AbortSignal,
): Promise<{ address: string | null; ms: number; error: string | null }> {
  const begun = performance.now()
  const connection = new RTCPeerConnection({ iceServers: [{ urls: url }] })
  try {
    const found = Promise.withResolvers<{ address: string | null; error: string | null }>()
    let error: string | null = null
    connection.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate?.type === 'srflx')
        found.resolve({ address: `${candidate.address ?? '?'}:${candidate.port ?? '?'}`, error: null })
      if (candidate === null) found.resolve({ address: null, error })
    })
    connection.addEventListener(
      'icecandidateerror',
      ({ errorCode, errorText }) => (error = `${errorCode} ${errorText}`),
    )
    connection.createDataChannel('test')
    await connection.setLocalDescription(await connection.createOffer())
    const result = await Promise.race([
      found.promise,
      pause(5000, signal).then(() => ({ address: null, error })),
    ])
    return { ...result, ms: performance.now() - begun }
  } finally {
    connection.close()
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  return promise
}
