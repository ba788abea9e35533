// Where there is no turn listener: what one is for, and the lines that make one.
import { to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Code } from '../../parts/words.tsx'
import css from './realtime.module.css'

const LINES = `listeners:
  turn:
    bind: "0.0.0.0:3478"          # UDP and TCP
    protocol: turn
    realm: example.org
    auth: { secrets: ["\${TURN_SECRET}"] }   # such as of: openssl rand -hex 32
    relay: { ports: 49152-65535 } # let these through the firewall, for UDP`

export function NoTurn({ onAdd }: { readonly onAdd: () => void }) {
  return (
    <Panel>
      <div class={css.none}>
        <p>
          <b>This gateway has no TURN listener</b>
        </p>
        <p class="supporting">
          Calls of browsers (WebRTC) go from one to the other, where networks let them. About one in ten
          cannot: TURN relays those, and STUN tells each its address from outside. These lines make one:
        </p>
        <Code text={LINES} isCopied isBlock />
        <div class="row">
          <Button icon="plus" kind="ink" needs="editor" onPress={onAdd}>
            Draft one
          </Button>
          <Button href={to('/config')}>Open the config</Button>
        </div>
      </div>
    </Panel>
  )
}
