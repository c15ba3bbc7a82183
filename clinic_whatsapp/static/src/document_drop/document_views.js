import {DocumentDrop} from "./document_drop";
import {FileUploadKanbanRenderer} from "@account/views/file_upload_kanban/file_upload_kanban_renderer";
import {FileUploadListRenderer} from "@account/views/file_upload_list/file_upload_list_renderer";
import {KanbanController} from "@web/views/kanban/kanban_controller";
import {ListController} from "@web/views/list/list_controller";
import {_t} from "@web/core/l10n/translation";
import {kanbanView} from "@web/views/kanban/kanban_view";
import {listView} from "@web/views/list/list_view";
import {registry} from "@web/core/registry";

const setZoneText = (renderer) => {
    renderer.dropZoneTitle = _t("Drop the files here.");
    renderer.dropZoneDescription = _t(
        "PDF, JPEG or PNG, or a zip of them. A name such as P0042_anything.pdf finds its patient."
    );
};

class DocumentListController extends ListController {
    static components = {...ListController.components, DocumentDrop};
}

class DocumentListRenderer extends FileUploadListRenderer {
    setup() {
        super.setup();
        setZoneText(this);
    }
}

class DocumentKanbanController extends KanbanController {
    static components = {...KanbanController.components, DocumentDrop};
}

class DocumentKanbanRenderer extends FileUploadKanbanRenderer {
    setup() {
        super.setup();
        setZoneText(this);
    }
}

registry.category("views").add("clinic_document_list", {
    ...listView,
    Controller: DocumentListController,
    Renderer: DocumentListRenderer,
    buttonTemplate: "clinic_whatsapp.DocumentList.Buttons",
});

registry.category("views").add("clinic_document_kanban", {
    ...kanbanView,
    Controller: DocumentKanbanController,
    Renderer: DocumentKanbanRenderer,
    buttonTemplate: "clinic_whatsapp.DocumentKanban.Buttons",
});
