// The relay, tried from this browser by each way that clients have.
import { useSignal } from '@preact/signals'
import { bitRate, ms, number } from '../../data/say.ts'
import { Button } from '../../parts/button.tsx'
import { TextField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Note } from '../../parts/messages.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Status } from '../../parts/status.tsx'
import { type Step, Steps } from '../../parts/steps.tsx'
import { Time } from '../../parts/time.tsx'
import css from './realtime.module.css'
import { outsideSaid, resultOf, type SaidStep, saidOf, wayOf } from './relay-words.ts'
import type { TurnListener } from './turn-courses.ts'
import { type OutsideSaid, type RelayTest as Test, useRelayTest } from './use-relay-test.ts'

/** The host is asked for where the config does not know what clients call it. */
export function RelayTest({ listener }: { readonly listener: TurnListener }) {
  const host = useSignal(hostOf(listener))
  const { now, run } = useRelayTest(listener.name, host.value.trim())
  const isNever = now.atMs === 0
  return (
    <Panel
      title="Relay test"
      count="from this browser"
      isFlush
      end={
        <>
          {!isNever && <Time at={now.atMs} />}
          <Button
            size="sm"
            icon={isNever ? 'play' : 'refresh'}
            needs="operator"
            isBusy={now.isRunning}
            busyWord="Trying each way"
            onPress={run}
          >
            {isNever ? 'Run' : 'Run again'}
          </Button>
        </>
      }
    >
      {now.outcomes.length > 0 && <Results now={now} />}
      <div class={css.body}>
        {isNever && (
          <p class="supporting">
            Two connections of this browser talk through the relay, by each way that clients have, with
            credentials that are good for a minute. It sends a few megabytes.
          </p>
        )}
        <div aria-live="polite">{now.outcomes.length > 0 && <Steps steps={stepsOf(now, listener)} />}</div>
        {now.problem !== null && (
          <Note state="down" title={now.problem.title} isUrgent>
            {now.problem.detail}
          </Note>
        )}
        {now.note !== null && <Note title="About the addresses">{now.note}</Note>}
        {!now.isRunning && (
          <Field
            label="Host"
            right="as clients reach it"
            help="Empty: what the config says, relay.advertise or its addresses."
          >
            <TextField
              isMono
              value={host.value}
              placeholder="203.0.113.10"
              onInput={(next) => (host.value = next)}
            />
          </Field>
        )}
      </div>
    </Panel>
  )
}

/** Where it listens on all addresses and tells none, that which brought this page here. */
function hostOf({ addresses, relay }: TurnListener): string {
  const isAny = addresses.every(({ address }) => /^(?:0\.0\.0\.0|\[::\]):/.test(address))
  return isAny && (relay?.advertise.length ?? 0) === 0 ? location.hostname : ''
}

function Results({ now }: { readonly now: Test }) {
  const { state, word } = resultOf(now.outcomes)
  const best = now.outcomes
    .filter(({ isOpen }) => isOpen)
    .toSorted((a, b) => (a.p50Ms ?? 1e9) - (b.p50Ms ?? 1e9))[0]
  const [rate, unit] = bitRate(best?.bytesPerS ?? null)
  return (
    <dl class={css.results}>
      <div>
        <dt>Result</dt>
        <dd>
          <Status state={state} word={word} />
        </dd>
      </div>
      {best !== undefined && best.p50Ms !== null && (
        <>
          <div>
            <dt>Round trip p50</dt>
            <dd>{ms(best.p50Ms)} ms</dd>
          </div>
          <div>
            <dt>Lost</dt>
            <dd>
              {number(best.lost)} of {number(best.sent)}
            </dd>
          </div>
        </>
      )}
      {best !== undefined && best.bytesPerS !== null && (
        <div>
          <dt>Through the relay</dt>
          <dd>
            {rate} {unit}
          </dd>
        </div>
      )}
    </dl>
  )
}

function stepsOf({ outcomes, outside }: Test, listener: TurnListener): Step[] {
  const around = {
    relayPorts: listener.relay?.ports ?? '49152-65535',
    isLoopbackPage: /^(?:localhost|127\.|\[::1\])/.test(location.hostname),
  }
  const steps = outcomes.map((outcome) => drawn(saidOf(outcome, around)))
  return outside === null ? steps : [ofOutside(outside, outcomes), ...steps]
}

function ofOutside(outside: OutsideSaid, outcomes: Test['outcomes']): Step {
  const { state, detail } = outsideSaid(outside, outcomes)
  return {
    state,
    title: <span class="name">STUN {wayOf(outside.url).port}: your address from outside</span>,
    time: outside.address === null ? '' : `${ms(outside.ms)} ms`,
    details: detail,
  }
}

function drawn({ state, title, time, detail, cause, todo }: SaidStep): Step {
  return {
    state,
    title: <span class="name">{title}</span>,
    time,
    details: (
      <>
        {detail}
        {cause !== '' && (
          <>
            {' '}
            <b class={css.cause}>{cause}</b>
          </>
        )}
        {todo !== '' && ` ${todo}`}
      </>
    ),
  }
}
