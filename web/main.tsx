// Where the dashboard begins.
// First: what the page stands on gives way to what its parts say of themselves.
import './styles/tokens.css'
import './styles/base.css'
import { render } from 'preact'
import { App } from './shell/app.tsx'
import { PAGES } from './routes.tsx'

const place = document.getElementById('app')
if (place !== null) render(<App pages={PAGES} />, place)
