import {Component, useRef, useState} from "@odoo/owl";
import {getDataURLFromFile} from "@web/core/utils/urls";
import {useService} from "@web/core/utils/hooks";

// An archive may be larger than one document; what the server reads is limited.
const MOST_BYTES = 90 * 1024 * 1024;

/** Hands in many files, each by itself, shows how far it is, then what became of each. */
export class DocumentDrop extends Component {
    static template = "clinic_whatsapp.DocumentDrop";
    static props = {
        context: {type: Object, optional: true},
        onDone: {type: Function, optional: true},
    };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.input = useRef("input");
        this.state = useState({done: 0, total: 0});
    }

    onClick() {
        this.input.el.click();
    }

    async onChange(ev) {
        const files = [...ev.target.files];
        if (!files.length || this.state.total) {
            return;
        }
        this.state.total = files.length;
        try {
            const drop = await this.open();
            for (const file of files) {
                await this.hand(drop, file);
                this.state.done += 1;
            }
            await this.show(drop);
        } finally {
            this.input.el.value = null;
            Object.assign(this.state, {done: 0, total: 0});
        }
    }

    /** Returns the id of the record that keeps what became of each file. */
    async open() {
        const patient = (this.props.context || {}).default_patient_id;
        const [drop] = await this.orm.create("clinic.document.drop", [
            {patient_id: patient || false},
        ]);
        return drop;
    }

    async hand(drop, file) {
        try {
            if (file.size > MOST_BYTES) {
                throw new Error("too large");
            }
            const url = await getDataURLFromFile(file);
            const data = url.split(",")[1] || "";
            await this.orm.call("clinic.document.drop", "take_file", [
                [drop],
                file.name,
                data,
            ]);
        } catch {
            await this.orm.call("clinic.document.drop", "refuse_file", [
                [drop],
                file.name,
            ]);
        }
    }

    async show(drop) {
        const action = await this.orm.call("clinic.document.drop", "action_show", [
            [drop],
        ]);
        await this.action.doAction(action, {onClose: this.props.onDone});
    }
}
