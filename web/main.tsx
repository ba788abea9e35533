// Where the dashboard begins.
// First: what the page stands on gives way to what its parts say of themselves.
import './styles/tokens.css'
import './styles/base.css'
import { render } from 'preact'
import { App } from './shell/app.tsx'
import { PAGES } from './routes.tsx'

// Told below the address of the first page; the address becomes that of others, and browsers ask anew.
for (const icon of document.querySelectorAll<HTMLLinkElement>('link[rel="icon"]'))
  icon.href = new URL(icon.href).pathname

const place = document.getElementById('app')
if (place !== null) render(<App pages={PAGES} />, place)
