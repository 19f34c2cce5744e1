# make install: programs, catalogues, manual pages, completion and the protocol's papers below
# PREFIX. DESTDIR for packagers.

INSTALL_ROOT = $(DESTDIR)$(PREFIX)
PAPERS := $(wildcard README.md CHANGELOG.md LICENSE docs/*.md docs/json/*.json spec/dcep.cddl)

.PHONY: install uninstall
install: all ## install below PREFIX (default /usr/local)
	@install -d $(INSTALL_ROOT)/bin $(INSTALL_ROOT)/share/doc/dcep
	@install -m 0755 $(PROGRAMS) $(INSTALL_ROOT)/bin/
	@$(if $(PAPERS),install -m 0644 $(PAPERS) $(INSTALL_ROOT)/share/doc/dcep/)
	@for mo in $(CATALOGUES:$(BUILD)/%=%); do \
	    install -D -m 0644 $(BUILD)/$$mo $(INSTALL_ROOT)/share/$$mo || exit 1; done
	@for page in $(PAGES:$(BUILD)/%=%); do \
	    install -D -m 0644 $(BUILD)/$$page $(INSTALL_ROOT)/$$page || exit 1; done
	@echo "installed below $(INSTALL_ROOT)"

uninstall: ## remove what install put there
	@rm -f $(PROGRAMS:$(BUILD)/%=$(INSTALL_ROOT)/bin/%)
	@rm -f $(CATALOGUES:$(BUILD)/%=$(INSTALL_ROOT)/share/%)
	@rm -f $(PAGES:$(BUILD)/%=$(INSTALL_ROOT)/%)
	@rm -rf $(INSTALL_ROOT)/share/doc/dcep
