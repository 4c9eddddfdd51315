import "./ages.js";
import "./buttons.js";
import "./combobox.js";
import "./guard.js";
import "./lists.js";
import "./composer.js";
import "./items.js";
import "./wizard.js";
