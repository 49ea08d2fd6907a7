import { render } from "preact";
import { App } from "./app.js";
import "../../playground/src/style.css";
import "./style.css";

render(<App />, document.getElementById("app")!);
