// Two RTCPeerConnections in one page that may only use relays: `a` opens a data channel, `b` echoes. One run for each set of ICE servers.
const OPEN_WITHIN_MS = 45_000
const MESSAGES = 500

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

function peer(iceServers, seen) {
  const connection = new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' })
  connection.addEventListener('icecandidateerror', ({ errorCode, errorText, url }) => {
    seen.errors.push({ code: errorCode, text: errorText, url })
  })
  return connection
}

function exchangeCandidates(from, to, seen) {
  from.addEventListener('icecandidate', ({ candidate }) => {
    if (!candidate || candidate.candidate === '') return
    seen.candidates.push(candidate.candidate)
    void to.addIceCandidate(candidate)
  })
}

async function connect(a, b) {
  await a.setLocalDescription(await a.createOffer())
  await b.setRemoteDescription(a.localDescription)
  await b.setLocalDescription(await b.createAnswer())
  await a.setRemoteDescription(b.localDescription)
}

/** Type and protocol of this side of the pair that is used. */
async function usedCandidate(connection) {
  const stats = await connection.getStats()
  const reports = [...stats.values()]
  const transport = reports.find(({ type }) => type === 'transport')
  const pair =
    stats.get(transport?.selectedCandidatePairId) ??
    reports.find((r) => r.type === 'candidate-pair' && r.nominated)
  const local = pair && stats.get(pair.localCandidateId)
  return local
    ? { type: local.candidateType, protocol: local.relayProtocol ?? null, address: local.address }
    : null
}

async function exchange(channel) {
  const times = []
  channel.addEventListener('message', ({ data }) =>
    times.push(performance.now() - new DataView(data).getFloat64(0)),
  )
  const bytes = new ArrayBuffer(1000)
  for (let sent = 0; sent < MESSAGES; sent++) {
    new DataView(bytes).setFloat64(0, performance.now())
    channel.send(bytes)
    if (sent % 10 === 9) await pause(10)
  }
  for (let waited = 0; times.length < MESSAGES && waited < OPEN_WITHIN_MS; waited += 20) await pause(20)
  return times
}

/** `expectsFailure`: waits for the errors of candidates, not for a channel. */
async function run({ iceServers, expectsFailure }) {
  const seen = { candidates: [], errors: [] }
  const [a, b] = [peer(iceServers, seen), peer(iceServers, seen)]
  exchangeCandidates(a, b, seen)
  exchangeCandidates(b, a, seen)
  b.addEventListener('datachannel', ({ channel }) => {
    channel.binaryType = 'arraybuffer'
    channel.addEventListener('message', ({ data }) => channel.send(data))
  })
  const channel = a.createDataChannel('test', { ordered: false })
  channel.binaryType = 'arraybuffer'
  const opened = new Promise((resolve) => channel.addEventListener('open', () => resolve(true)))
  const startedMs = performance.now()
  await connect(a, b)
  const failed = async () => {
    while (seen.errors.length < 2) await pause(20)
    return false
  }
  const isOpen = await Promise.race([
    opened,
    pause(OPEN_WITHIN_MS).then(() => false),
    ...(expectsFailure ? [failed()] : []),
  ])
  const openMs = performance.now() - startedMs
  const times = isOpen ? (await exchange(channel)).sort((x, y) => x - y) : []
  const used = isOpen ? [await usedCandidate(a), await usedCandidate(b)] : []
  a.close()
  b.close()
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? null
  return {
    isOpen,
    openMs,
    sent: isOpen ? MESSAGES : 0,
    received: times.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    used,
    ...seen,
  }
}

const runs = await (await fetch('/runs')).json()
const results = {}
await Promise.all(
  Object.entries(runs).map(async ([name, settings]) => {
    results[name] = await run(settings).catch((problem) => ({ problem: String(problem) }))
  }),
)
await fetch('/results', { method: 'POST', body: JSON.stringify(results) })
