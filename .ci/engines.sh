#!/usr/bin/env bash
# Installs the real engines that tests compare with: DynamoDB Local, dynoxide and
# moto. run sources it for start_engines.

source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

install_dynamodb_local() {
	local dir=$CACHE/dynamodb-local-$DYNAMODB_LOCAL
	mkdir -p "$dir"
	cat >"$dir/pom.xml" <<-POM
		<project xmlns="http://maven.apache.org/POM/4.0.0">
		  <modelVersion>4.0.0</modelVersion>
		  <groupId>ddbenc</groupId><artifactId>dynamodb-local</artifactId><version>1</version>
		  <dependencies>
		    <dependency>
		      <groupId>software.amazon.dynamodb</groupId><artifactId>DynamoDBLocal</artifactId><version>$DYNAMODB_LOCAL</version>
		    </dependency>
		  </dependencies>
		</project>
	POM
	mvn -B -q -f "$dir/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$dir/lib"
}

install_dynoxide() {
	npm install --prefix "$CACHE/dynoxide-$DYNOXIDE" --silent --no-audit --no-fund "@dynoxide/linux-x64@$DYNOXIDE"
}

install_moto() {
	python3 -m venv "$CACHE/moto-$MOTO"
	"$CACHE/moto-$MOTO/bin/pip" install --quiet --disable-pip-version-check "moto[server,dynamodb,kms]==$MOTO"
}

install_engines() {
	once "dynamodb-local-$DYNAMODB_LOCAL" install_dynamodb_local
	once "dynoxide-$DYNOXIDE" install_dynoxide
	once "moto-$MOTO" install_moto
}

# start_engines starts all three on free ports and sets LOCAL_URL, DYNOXIDE_URL
# and MOTO_URL.
start_engines() {
	local port dir=$CACHE/dynamodb-local-$DYNAMODB_LOCAL

	port=$(free_port)
	start "$RUN/dynamodb-local.log" java -Xmx512m -cp "$dir/lib/*" \
		software.amazon.dynamodb.services.local.main.ServerRunner -inMemory -sharedDb -disableTelemetry -port "$port"
	LOCAL_URL=http://127.0.0.1:$port
	await_port "$port" "$RUN/dynamodb-local.log"

	port=$(free_port)
	start "$RUN/dynoxide.log" "$CACHE/dynoxide-$DYNOXIDE/node_modules/@dynoxide/linux-x64/dynoxide" --port "$port"
	DYNOXIDE_URL=http://127.0.0.1:$port
	await_port "$port" "$RUN/dynoxide.log"

	port=$(free_port)
	start "$RUN/moto.log" "$CACHE/moto-$MOTO/bin/moto_server" -H 127.0.0.1 -p "$port"
	MOTO_URL=http://127.0.0.1:$port
	await_port "$port" "$RUN/moto.log"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	install_engines
fi
