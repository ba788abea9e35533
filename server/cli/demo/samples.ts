// All servers of `sluice demo`, by the backend that they are of.
import { type PlainServer, startCache, startEcho } from './plain-servers.ts'
import { type SampleServer, startSampleServer } from './sample-server.ts'

export interface Samples {
  /** Weights differ, so that the summary shows them at work. */
  readonly fruit: readonly SampleServer[]
  /** The last one is the canary, which fails now and then. */
  readonly api: readonly SampleServer[]
  readonly beta: readonly SampleServer[]
  /** The third one fails its checks. */
  readonly shop: readonly SampleServer[]
  /** The last one answers 500 to all but its checks. */
  readonly pay: readonly SampleServer[]
  readonly live: readonly SampleServer[]
  readonly cache: readonly PlainServer[]
  readonly echo: readonly PlainServer[]
  stop(): void
}

const CANARY_FAILS_EACH = 8

export async function startSamples(): Promise<Samples> {
  const named = (...names: readonly string[]): readonly SampleServer[] =>
    names.map((name) => startSampleServer(name))
  const samples = {
    fruit: named('apple', 'banana', 'cherry'),
    api: [...named('api-1', 'api-2'), startSampleServer('canary', { failsEach: CANARY_FAILS_EACH })],
    beta: named('beta-1'),
    shop: [
      ...named('shop-1', 'shop-2'),
      startSampleServer('shop-3', { isSick: true }),
      startSampleServer('shop-4'),
    ],
    pay: [...named('pay-1', 'pay-2'), startSampleServer('pay-3', { failsEach: 1 })],
    live: named('live-1', 'live-2'),
    cache: [startCache('cache-1'), startCache('cache-2')],
    echo: [await startEcho('echo-1'), await startEcho('echo-2')],
  }
  return {
    ...samples,
    stop: () => {
      for (const server of Object.values(samples).flat()) server.stop()
    },
  }
}
