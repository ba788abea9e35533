// What a turn listener allows.
import { bitRate, number } from '../../data/say.ts'
import { segment, to } from '../../data/urls.ts'
import { Panel } from '../../parts/panel.tsx'
import { Tag } from '../../parts/status.tsx'
import css from './realtime.module.css'
import type { TurnListener } from './turn-courses.ts'
import { authWords } from './turn-words.ts'

export function ListenerFacts({ listener }: { readonly listener: TurnListener }) {
  const { name, addresses, realm, relay, peers, quotas, connections } = listener
  const bandwidth = quotas['bandwidth']
  const quota = (key: string): string => number(quotas[key] ?? null)
  return (
    <Panel
      title={`Listener ${name}`}
      end={
        <a class="link" href={to(`/listeners/${segment(name)}`)}>
          Its page
        </a>
      }
    >
      <dl class={css.facts}>
        <dt>Open at</dt>
        <dd>
          {addresses.map(({ transport, address }) => (
            <span key={transport + address} class={css.client}>
              <Tag>{transport.toUpperCase()}</Tag>
              <span class="mono">{address}</span>
            </span>
          ))}
        </dd>
        <dt>Realm</dt>
        <dd class="mono">{realm}</dd>
        <dt>Let in</dt>
        <dd>{authWords(listener)}</dd>
        {relay !== null && (
          <>
            <dt>Relays on</dt>
            <dd>
              <span class="mono">
                {relay.bind.length === 0 ? 'the address that routes prefer' : relay.bind.join(', ')}
              </span>
              , ports {relay.ports}
              {relay.advertise.length > 0 && <> known outside as {relay.advertise.join(', ')}</>}
            </dd>
          </>
        )}
        <dt>Peers</dt>
        <dd>
          public ones{peers.allow.length > 0 && <> and {peers.allow.join(', ')}</>}
          {peers.deny.length > 0 && <>, without {peers.deny.join(', ')}</>}
        </dd>
        <dt>Quotas</dt>
        <dd>
          {quota('user')} a user, {quota('address')} an address, {quota('total')} in all
          {bandwidth !== undefined && `, ${bitRate(bandwidth).join(' ')} each`}
        </dd>
        {connections > 0 && (
          <>
            <dt>Connections</dt>
            <dd>{number(connections)} by TCP and TLS</dd>
          </>
        )}
      </dl>
    </Panel>
  )
}
